"""Auto Scaling."""

from typing import Any

from mends.seams import around
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, FakeScalingPolicy
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult

# What moto drops at creation or at an update: member of the request, attribute of the group.
KEPT = {
    "MaxInstanceLifetime": "max_instance_lifetime",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "DesiredCapacityType": "desired_capacity_type",
    "Context": "context",
    "AvailabilityZoneDistribution": "availability_zone_distribution",
    "AvailabilityZoneImpairmentPolicy": "availability_zone_impairment_policy",
    "CapacityReservationSpecification": "capacity_reservation_specification",
    "SkipZonalShiftValidation": "skip_zonal_shift_validation",
    "ServiceLinkedRoleARN": "service_linked_role_arn",
    "DeletionProtection": "deletion_protection",
    "InstanceLifecyclePolicy": "instance_lifecycle_policy",
    # At an update only.
    "HealthCheckGracePeriod": "health_check_grace_period",
    "DefaultCooldown": "default_cooldown",
    "TerminationPolicies": "termination_policies",
    "PlacementGroup": "placement_group",
    "CapacityRebalance": "capacity_rebalance",
}


# How an update takes these off.
NONE_OF = {"DefaultInstanceWarmup": -1, "MaxInstanceLifetime": 0}


class AlreadyExists(ServiceException):
    code = "AlreadyExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"AutoScalingGroup by this name already exists - A group with the name {name} already exists")


class ResourceInUse(ServiceException):
    code = "ResourceInUse"
    message = "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s)"


class GroupNotFound(ServiceException):
    code = "ValidationError"

    def __init__(self, name: str) -> None:
        super().__init__(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")


def apply() -> None:
    _groups()
    _hooks()
    _policies()


def _groups() -> None:
    @around(AutoScalingResponse, "create_auto_scaling_group")
    def create(original: Any, self: AutoScalingResponse) -> Any:
        """A name is taken once, and every member is kept."""
        name = self._get_param("AutoScalingGroupName")
        if name in self.autoscaling_backend.autoscaling_groups:
            raise AlreadyExists(name)
        result = original()
        _keep(self)
        for hook in self._get_param("LifecycleHookSpecificationList", []):
            _put_hook(self, hook)
        # The API's default is no grace; 300 seconds is the console's.
        _group(self).health_check_grace_period = self._get_int_param("HealthCheckGracePeriod") or 0
        return result

    @around(AutoScalingResponse, "update_auto_scaling_group")
    def update(original: Any, self: AutoScalingResponse) -> Any:
        """An unknown name is a ValidationError, and every member is kept."""
        name = self._get_param("AutoScalingGroupName")
        if name not in self.autoscaling_backend.autoscaling_groups:
            raise GroupNotFound(name)
        result = original()
        _keep(self)
        return result

    @around(AutoScalingResponse, "delete_auto_scaling_group")
    def delete(original: Any, self: AutoScalingResponse) -> Any:
        """A group with instances goes only with ForceDelete."""
        group = self.autoscaling_backend.autoscaling_groups.get(self._get_param("AutoScalingGroupName"))
        if group and group.instance_states and not self._get_bool_param("ForceDelete", False):
            raise ResourceInUse()
        # ForceDelete takes protected instances too.
        for state in group.instance_states if group else []:
            state.protected_from_scale_in = False
        return original()

    @around(AutoScalingResponse, "put_warm_pool")
    def put_warm_pool(original: Any, self: AutoScalingResponse) -> Any:
        """An unknown group is a ValidationError."""
        _group(self)
        return original()

    def enable_metrics_collection(self: AutoScalingResponse) -> EmptyResult:
        """EnableMetricsCollection adds: all metrics, if none is named."""
        group = _group(self)
        named = self._get_param("Metrics", []) or METRICS
        group.metrics = [metric for metric in METRICS if metric in {*group.metrics, *named}]
        return EmptyResult()

    def disable_metrics_collection(self: AutoScalingResponse) -> EmptyResult:
        """DisableMetricsCollection takes off: all metrics, if none is named."""
        group = _group(self)
        named = self._get_param("Metrics", []) or METRICS
        group.metrics = [metric for metric in group.metrics if metric not in named]
        return EmptyResult()

    AutoScalingResponse.enable_metrics_collection = enable_metrics_collection  # type: ignore[attr-defined]
    AutoScalingResponse.disable_metrics_collection = disable_metrics_collection  # type: ignore[attr-defined]


def _hooks() -> None:
    @around(AutoScalingResponse, "put_lifecycle_hook")
    def put(original: Any, self: AutoScalingResponse) -> Any:
        """A hook keeps all that it is given, and has no role or target of moto's own."""
        _put_hook(self, self.params)
        return ActionResult({})


def _put_hook(response: AutoScalingResponse, hook: Any) -> None:
    made = response.autoscaling_backend.create_lifecycle_hook(
        name=hook["LifecycleHookName"],
        as_name=response._get_param("AutoScalingGroupName"),
        transition=hook.get("LifecycleTransition"),
        timeout=hook.get("HeartbeatTimeout"),
        result=hook.get("DefaultResult"),
    )
    made.role_arn = hook.get("RoleARN")
    made.notification_target_arn = hook.get("NotificationTargetARN")
    made.notification_metadata = hook.get("NotificationMetadata")


METRICS = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
]


def _group(response: AutoScalingResponse) -> FakeAutoScalingGroup:
    name = response._get_param("AutoScalingGroupName")
    group = response.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise GroupNotFound(name)
    return group


def _keep(response: AutoScalingResponse) -> None:
    group = _group(response)
    for member, attribute in KEPT.items():
        value = response.params.get(member)
        if value is not None:
            # -1 and 0 are how an update takes these two off.
            gone = (member == "DefaultInstanceWarmup" and value == -1) or (member == "MaxInstanceLifetime" and value == 0)
            setattr(group, attribute, None if gone else value)


def _policies() -> None:
    @around(AutoScalingBackend, "put_scaling_policy")
    def put_of_group(original: Any, self: AutoScalingBackend, name: str, **kwargs: Any) -> Any:
        """A policy is one of its group: another group can have one of the same name."""
        policy = original(name=name, **kwargs)
        self.policies[f"{policy.auto_scaling_group_name}/{name}"] = self.policies.pop(name)
        return policy

    def delete_policy(self: AutoScalingResponse) -> EmptyResult:
        group, name = self._get_param("AutoScalingGroupName"), self._get_param("PolicyName")
        self.autoscaling_backend.policies.pop(f"{group}/{name}", None)
        return EmptyResult()

    AutoScalingResponse.delete_policy = delete_policy  # type: ignore[method-assign]

    @around(AutoScalingResponse, "put_scaling_policy")
    def put(original: Any, self: AutoScalingResponse) -> Any:
        """The answer names the policy's ARN as PolicyARN; Enabled and the cooldowns are kept."""
        arn = original().result["PolicyArn"]
        policies = self.autoscaling_backend.policies.values()
        policy = next(each for each in policies if each.arn == arn)
        policy.enabled = self._get_bool_param("Enabled", True)
        return ActionResult({"PolicyARN": arn, "Alarms": []})

    @around(FakeScalingPolicy, "__init__")
    def init(original: Any, self: FakeScalingPolicy, *args: Any, **kwargs: Any) -> None:
        """A policy without a predictive configuration has none."""
        original(*args, **kwargs)
        self.policy_arn_region = self.autoscaling_backend.region_name
        self.enabled = True
        if not self.predictive_scaling_configuration:
            self.predictive_scaling_configuration = None  # type: ignore[assignment]
        if self.policy_type == "StepScaling" and not self.metric_aggregation_type:
            self.metric_aggregation_type = "Average"
