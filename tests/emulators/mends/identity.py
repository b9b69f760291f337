"""Who is calling: an access key of twelve digits is an account."""

import re

from moto.core.responses import BaseResponse

ACCOUNT_KEY = re.compile(r"Credential=(\d{12})/")


def apply() -> None:
    known = BaseResponse.get_current_account

    def get_current_account(self: BaseResponse) -> str:
        """Not a mend: how MiniStack and LocalStack tell accounts apart, so that tests need one way."""
        found = ACCOUNT_KEY.search(self.headers.get("Authorization", ""))
        return found[1] if found else known(self)

    BaseResponse.get_current_account = get_current_account  # type: ignore[method-assign]
