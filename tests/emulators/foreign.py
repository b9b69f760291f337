"""Another client of an account: changes made behind trueup's back, and what a stack has left behind.

    foreign.py URL ACCOUNT CHANGE ARGUMENTS...
"""

import sys
from collections.abc import Callable
from typing import Any

import boto3


class Account:
    def __init__(self, url: str, account: str) -> None:
        self.url, self.account = url, account

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=self.account,
            aws_secret_access_key="secret",
        )

    def suspend_versioning(self, bucket: str) -> None:
        self.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})

    def open_port(self, address: str, port: str) -> None:
        (group,) = self.client("ec2").describe_security_groups(Filters=_of(address))["SecurityGroups"]
        rule = {"IpProtocol": "tcp", "FromPort": int(port), "ToPort": int(port), "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}
        self.client("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])

    def resize(self, group: str, most: str) -> None:
        self.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=int(most))

    def untag_vpc(self, address: str, key: str) -> None:
        (vpc,) = self.client("ec2").describe_vpcs(Filters=_of(address))["Vpcs"]
        self.client("ec2").delete_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": key}])

    def check_health_at(self, group: str, path: str) -> None:
        elb = self.client("elbv2")
        (found,) = elb.describe_target_groups(Names=[group])["TargetGroups"]
        elb.modify_target_group(TargetGroupArn=found["TargetGroupArn"], HealthCheckPath=path)

    def alarm_at(self, alarm: str, threshold: str) -> None:
        cloudwatch = self.client("cloudwatch")
        (found,) = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        members = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        known = {name: value for name, value in found.items() if name in members}
        cloudwatch.put_metric_alarm(**known | {"Threshold": float(threshold)})

    def left_over(self, stack: str) -> None:
        """Prints what carries the stack's tags or mark, one a line."""
        filters = [{"Key": "trueup:stack", "Values": [stack]}]
        pages = self.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(TagFilters=filters)
        for page in pages:
            for found in page["ResourceTagMappingList"]:
                # The index remembers these when they are gone: they are asked for below.
                if not any(kind in found["ResourceARN"] for kind in (":natgateway/", ":distribution/")):
                    print(found["ResourceARN"])
        by_tag = [{"Name": "tag:trueup:stack", "Values": [stack]}]
        for gateway in self.client("ec2").describe_nat_gateways(Filters=by_tag)["NatGateways"]:
            if gateway["State"] != "deleted":
                print(gateway["NatGatewayId"])
        for vpc in self.client("ec2").describe_vpcs(Filters=by_tag)["Vpcs"]:
            print(vpc["VpcId"])
        for group in self.client("autoscaling").describe_auto_scaling_groups(Filters=by_tag)["AutoScalingGroups"]:
            print(group["AutoScalingGroupName"])
        for role in self.client("iam").list_roles(PathPrefix=f"/trueup/{stack}/")["Roles"]:
            print(role["Arn"])
        for profile in self.client("iam").list_instance_profiles(PathPrefix=f"/trueup/{stack}/")["InstanceProfiles"]:
            print(profile["Arn"])
        cloudfront = self.client("cloudfront")
        for item in cloudfront.list_distributions()["DistributionList"].get("Items", []):
            print(item["ARN"])
        for item in cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items", []):
            print(item["Id"])


def _of(address: str) -> list[dict[str, Any]]:
    return [{"Name": "tag:trueup:address", "Values": [address]}]


if __name__ == "__main__":
    url, account, change, *arguments = sys.argv[1:]
    call: Callable[..., None] = getattr(Account(url, account), change)
    call(*arguments)
