"""Elastic Load Balancing."""

from typing import Any

from mends.seams import around
from moto.core.exceptions import ServiceException
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup

# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
}
APPLICATION_DEFAULTS = {
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
NETWORK_DEFAULTS = {
    "dns_record.client_routing_policy": "any_availability_zone",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "false",
    "secondary_ips.auto_assigned.per_subnet": "0",
    "zonal_shift.config.enabled": "false",
}


class DuplicateListener(ServiceException):
    code = "DuplicateListener"
    message = "A listener already exists on this port for this load balancer"


class DuplicateName(ServiceException):
    code = "DuplicateLoadBalancerName"
    message = "A load balancer with the same name exists, but with different settings"


class Protected(ServiceException):
    code = "OperationNotPermitted"
    message = "Load balancer cannot be deleted because deletion protection is enabled"


def apply() -> None:
    @around(FakeLoadBalancer, "__init__")
    def init(original: Any, self: FakeLoadBalancer, *args: Any, **kwargs: Any) -> None:
        """A balancer reports all attributes of its type."""
        original(*args, **kwargs)
        self.attrs = DEFAULTS | (NETWORK_DEFAULTS if self.type == "network" else APPLICATION_DEFAULTS)

    @around(ELBv2Backend, "create_listener")
    def create_listener(original: Any, self: ELBv2Backend, load_balancer_arn: str, **kwargs: Any) -> Any:
        """A balancer has one listener a port."""
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer and any(str(each.port) == str(kwargs["port"]) for each in balancer.listeners.values()):
            raise DuplicateListener()
        return original(load_balancer_arn=load_balancer_arn, **kwargs)

    @around(ELBv2Backend, "delete_load_balancer")
    def delete_load_balancer(original: Any, self: ELBv2Backend, arn: str) -> None:
        """A protected balancer is not deleted; its target groups are told when one is."""
        balancer = self.load_balancers.get(arn)
        if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
            raise Protected()
        original(arn)
        for group in self.target_groups.values():
            group.load_balancer_arns = [each for each in group.load_balancer_arns if each != arn]

    _target_groups()


def _target_groups() -> None:
    @around(FakeTargetGroup, "__init__")
    def init(original: Any, self: FakeTargetGroup, *args: Any, **kwargs: Any) -> None:
        """The defaults of health checks go by protocol and target.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
        """
        original(*args, **kwargs)
        given = kwargs
        if self.target_type == "lambda":
            self.health_check_enabled = given.get("healthcheck_enabled") in ("true", True)
