"""EC2."""

from typing import Any

from mends.seams import around
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import (
    DependencyViolationError,
    InvalidLaunchTemplateVersionNotFound,
    InvalidSecurityGroupNotFoundError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.responses.nat_gateways import NatGateways
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.subnets import Subnets


class NatGatewayNotFound(ServiceException):
    code = "NatGatewayNotFound"

    def __init__(self, id_: str) -> None:
        super().__init__(f"The Nat Gateway {id_} was not found")


class LaunchTemplateNotFound(ServiceException):
    code = "InvalidLaunchTemplateId.NotFound"

    def __init__(self, id_: str) -> None:
        super().__init__(f"The specified launch template, with template ID {id_}, does not exist.")


def apply() -> None:
    _launch_templates()
    _ipv6_blocks_of_subnets()
    _nat_gateways()
    _subnets()
    _descriptions_of_rules()
    _what_is_used_stays()


def _launch_templates() -> None:
    @around(LaunchTemplate, "__init__")
    def init(original: Any, self: LaunchTemplate, backend: Any, name: str, data: Any, *rest: Any) -> None:
        """The template's own tags are not part of its first version's data."""
        specifications = [each for each in data.get("TagSpecifications", []) if not _is_of_template(each)]
        data = {key: value for key, value in data.items() if key != "TagSpecifications"}
        original(backend, name, data | ({"TagSpecifications": specifications} if specifications else {}), *rest)

    # The tags of a template are those that it has now, not those that it was made with.
    LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, _: None)  # type: ignore[assignment]

    @around(LaunchTemplate, "create_version")
    def create_version(original: Any, self: LaunchTemplate, data: dict[str, Any], description: str) -> Any:
        """User data is kept as it was sent: base64."""
        user_data = data.get("UserData")
        if isinstance(user_data, str) and not isinstance(user_data, Base64EncodedString):
            data = data | {"UserData": Base64EncodedString(user_data)}
        version = original({key: value for key, value in data.items() if value is not None}, description)
        # Numbers are not used again.
        self.highest_number = version.number = getattr(self, "highest_number", 0) + 1
        return version

    @around(EC2Backend, "describe_launch_templates")
    def describe(original: Any, self: EC2Backend, template_names: Any = None, template_ids: Any = None, filters: Any = None):
        """An unknown id is an error."""
        for id_ in template_ids or []:
            if id_ not in self.launch_templates:
                raise LaunchTemplateNotFound(id_)
        return original(template_names, template_ids, filters)

    @around(LaunchTemplates, "describe_launch_templates")
    def describe_all(original: Any, self: LaunchTemplates) -> Any:
        """A page holds up to 200 templates, not 15."""
        self.params.setdefault("MaxResults", 200)
        return original()

    @around(LaunchTemplates, "describe_launch_template_versions")
    def describe_versions(original: Any, self: LaunchTemplates) -> Any:
        """A page holds up to 200 versions, not 15."""
        self.params.setdefault("MaxResults", 200)
        return original()


    def delete_launch_template_versions(self: LaunchTemplates) -> ActionResult:
        """DeleteLaunchTemplateVersions, which moto lacks: any version but the default one."""
        id_, name = self._get_param("LaunchTemplateId"), self._get_param("LaunchTemplateName")
        backend = self.ec2_backend
        template = backend.get_launch_template(id_) if id_ else backend.get_launch_template_by_name(name)
        done, failed = [], []
        for number in map(int, self._get_param("Versions", [])):
            it = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": number}
            known = any(version.number == number for version in template.versions)
            if known and number != template.default_version_number:
                template.versions = [version for version in template.versions if version.number != number]
                done.append(it)
            else:
                code = "launchTemplateVersionDoesNotExist" if not known else "unexpectedError"
                failed.append(it | {"ResponseError": {"Code": code, "Message": f"Version {number} stays"}})
        result = {
            "SuccessfullyDeletedLaunchTemplateVersions": done,
            "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
        }
        return ActionResult(result)

    LaunchTemplates.delete_launch_template_versions = delete_launch_template_versions  # type: ignore[attr-defined]

    @around(LaunchTemplate, "get_version")
    def get_version(original: Any, self: LaunchTemplate, num: Any) -> Any:
        """A version is found by its number, since others may be deleted."""
        found = [version for version in self.versions if str(version.number) == str(num)]
        if not found and str(num).isdigit():
            raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=num)
        return found[0] if found else original(num)

    @around(LaunchTemplate, "default_version")
    def default_version(original: Any, self: LaunchTemplate) -> Any:
        return next(version for version in self.versions if version.number == self.default_version_number)


def _is_of_template(specification: dict[str, Any]) -> bool:
    return specification.get("ResourceType") == "launch-template"


def _ipv6_blocks_of_subnets() -> None:
    def ipv6_cidr_block_association_set(self: Subnet) -> list[dict[str, Any]]:
        """The state of an IPv6 block is one word."""
        return [
            {
                "associationId": each["associationId"],
                "ipv6CidrBlock": each["ipv6CidrBlock"],
                "ipv6CidrBlockState": {"state": each["ipv6CidrBlockState"]["State"]},
            }
            for each in self.ipv6_cidr_block_associations.values()
            if each["ipv6CidrBlockState"]["State"] == "associated"
        ]

    Subnet.ipv6_cidr_block_association_set = property(ipv6_cidr_block_association_set)  # type: ignore[assignment]


def _nat_gateways() -> None:
    @around(NatGateways, "create_nat_gateway")
    def create(original: Any, self: NatGateways) -> Any:
        """A gateway is public unless it is said to be private."""
        self.params.setdefault("ConnectivityType", "public")
        return original()

    @around(EC2Backend, "describe_nat_gateways")
    def describe(original: Any, self: EC2Backend, filters: Any, nat_gateway_ids: Any) -> list[NatGateway]:
        """An unknown id is an error, and filters by tag are heeded."""
        for id_ in nat_gateway_ids or []:
            if id_ not in self.nat_gateways:
                raise NatGatewayNotFound(id_)
        found = original(filters, nat_gateway_ids)
        for name, values in (filters or {}).items():
            if name.startswith("tag:"):
                found = [each for each in found if _tag(each, name[4:]) in values]
            elif name == "tag-key":
                found = [each for each in found if any(_tag(each, key) is not None for key in values)]
        return found

    @around(EC2Backend, "delete_nat_gateway")
    def delete(original: Any, self: EC2Backend, nat_gateway_id: str) -> NatGateway:
        """An unknown id is an error; a deleted gateway lets go of its address and its interface."""
        if nat_gateway_id not in self.nat_gateways:
            raise NatGatewayNotFound(nat_gateway_id)
        gateway = original(nat_gateway_id)
        for address in self.addresses:
            if address.eni and address.eni.id == gateway._eni.id:
                address.eni, address.association_id = None, None
        self.enis.pop(gateway._eni.id, None)
        return gateway


def _tag(resource: Any, key: str) -> str | None:
    return next((tag["value"] for tag in resource.get_tags() if tag["key"] == key), None)


def _subnets() -> None:
    @around(EC2Backend, "create_subnet")
    def create(original: Any, self: EC2Backend, *args: Any, **kwargs: Any) -> Subnet:
        """A new subnet gives no public addresses, unless it is a default one: moto's does in a fresh zone."""
        subnet = original(*args, **kwargs)
        if not self.get_vpc(subnet.vpc_id).is_default:
            subnet.default_for_az = subnet.map_public_ip_on_launch = False
        return subnet

    @around(Subnets, "modify_subnet_attribute")
    def modify(original: Any, self: Subnets) -> Any:
        """All attributes are kept: moto ignores most."""
        subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
        options = subnet.private_dns_name_options_on_launch
        for name in ("EnableResourceNameDnsARecord", "EnableResourceNameDnsAAAARecord"):
            value = self._get_param(f"{name}OnLaunch.Value")
            if value is not None:
                options[name] = value
        if self._get_param("EnableDns64.Value") is not None:
            subnet.enable_dns64 = self._get_param("EnableDns64.Value")
        options["HostnameType"] = self._get_param("PrivateDnsHostnameTypeOnLaunch") or options["HostnameType"]
        return original()


def _descriptions_of_rules() -> None:
    """A rule has its description whatever its peer is, and it is written by the rule's id.

    moto reports only those of CIDR rules, and writes by permissions alone.
    """

    def holder(rule: SecurityGroupRule) -> dict[str, Any]:
        return rule.ip_range or rule.source_group or rule.__dict__.setdefault("mended", {})

    SecurityGroupRule.description = property(lambda rule: holder(rule).get("Description"))  # type: ignore[assignment, method-assign]

    for direction in ("ingress", "egress"):

        @around(SecurityGroups, f"update_security_group_rule_descriptions_{direction}")
        def update(original: Any, self: SecurityGroups) -> Any:
            stated = self._get_param("SecurityGroupRuleDescriptions", [])
            if not stated:
                return original()
            group = self.ec2_backend.get_security_group_by_name_or_id(self._get_param("GroupId"))
            if group is None:
                raise InvalidSecurityGroupNotFoundError(self._get_param("GroupId"))
            for each in stated:
                rule = group.get_rule(each["SecurityGroupRuleId"])
                holder(rule).pop("Description", None)
                if each.get("Description"):
                    holder(rule)["Description"] = each["Description"]
            return EmptyResult()


def _what_is_used_stays() -> None:
    @around(Instance, "terminate")
    def terminate(original: Any, self: Instance) -> Any:
        """An instance's own interface goes with it."""
        for nic in self.nics.values():
            nic.delete_on_termination = True
        return original()

    @around(EC2Backend, "delete_security_group")
    def delete_security_group(original: Any, self: EC2Backend, name: Any = None, group_id: Any = None) -> None:
        """A security group that an interface has, or another group names, is not deleted."""
        if group_id:
            for eni in self.enis.values():
                if any(group.id == group_id for group in eni.group_set):
                    raise DependencyViolationError(f"resource {group_id} has a dependent object")
            for groups in self.groups.values():
                for group in groups.values():
                    if group.id != group_id and _names(group, group_id):
                        raise DependencyViolationError(f"resource {group_id} has a dependent object")
        original(name, group_id)

    @around(EC2Backend, "delete_subnet")
    def delete_subnet(original: Any, self: EC2Backend, subnet_id: str) -> Any:
        """A subnet that has interfaces is not deleted."""
        if any(eni.subnet.id == subnet_id for eni in self.enis.values()):
            raise DependencyViolationError(
                f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            )
        return original(subnet_id)

    @around(Instance, "terminate")
    def terminate(original: Any, self: Instance, *args: Any, **kwargs: Any) -> Any:
        """The first interface of an instance goes with it."""
        for nic in self.nics.values():
            if nic.delete_on_termination is None or str(nic.device_index) == "0":
                nic.delete_on_termination = True
        result = original(*args, **kwargs)
        for nic in self.nics.values():
            self.ec2_backend.enis.pop(nic.id, None)
        return result

    @around(EC2Backend, "delete_vpc")
    def delete_vpc(original: Any, self: EC2Backend, vpc_id: str) -> Any:
        """A VPC with an internet gateway, or a security group besides the default one, is not deleted."""
        attached = any(getattr(each.vpc, "id", None) == vpc_id for each in self.internet_gateways.values())
        groups = [group for group in self.groups.get(vpc_id, {}).values() if group.name != "default"]
        if attached or groups:
            raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        return original(vpc_id)


def _names(group: Any, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any((rule.source_group or {}).get("GroupId") == group_id for rule in rules)
