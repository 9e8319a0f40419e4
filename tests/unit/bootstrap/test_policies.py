"""Every statement that opens something: who may do what with topics, queues, buckets, functions and roles.

What must be there follows from how the template wires its resources; each statement must serve one such wire, and each
wire must have its statement. The functions' own roles are proven in `tests/permissions`.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cloudformation_template import read_template

TEMPLATE = read_template()
Resources = dict[str, Any]
EVERYBODY_BUT_TLS = "TlsOnly"
# What monitoring opens serves no wire of the pipeline: these, and for this account or one trail alone.
MONITORING = {"AlarmTopic", "LogBucket"}
MONITORING_NEEDS = [
    ("AlarmTopic", "cloudwatch.amazonaws.com", "sns:Publish"),
    ("LogBucket", "logging.s3.amazonaws.com", "s3:PutObject"),
    ("LogBucket", "cloudtrail.amazonaws.com", "s3:GetBucketAcl"),
    ("LogBucket", "cloudtrail.amazonaws.com", "s3:PutObject"),
]


@dataclass(frozen=True)
class Opening:
    """`principal` may do `action` with `target`, on behalf of `source` alone. Names are logical ids."""

    target: str
    principal: str
    action: str
    source: str


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def of_type(resources: Resources, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, one.get("Properties", {})) for name, one in resources.items() if one["Type"] == kind)


def id_of(reference: Any) -> str:
    """The logical id that `!Ref X`, `!GetAtt X.Arn` or a string made of one speaks of."""
    if not isinstance(reference, dict):
        return str(reference)
    return str(reference.get("Ref") or str(reference.get("GetAtt", "")).removesuffix(".Arn") or reference.get("Sub"))


def statements(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of topic, queue and bucket policies with its target, `!If` taken as true."""
    for kind, targets in (
        ("AWS::SNS::TopicPolicy", "Topics"),
        ("AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::S3::BucketPolicy", "Bucket"),
    ):
        for _, properties in of_type(resources, kind):
            for target in as_list(properties[targets]):
                for statement in properties["PolicyDocument"]["Statement"]:
                    yield id_of(target), statement["If"][1] if "If" in statement else statement


def opened(resources: Resources) -> list[Opening]:
    """What the policies and permissions allow."""
    found = [
        Opening(target, principal, action, _source(statement, resources))
        for target, statement in statements(resources)
        if statement["Effect"] == "Allow" and target not in MONITORING
        for principal in as_list(statement["Principal"]["Service"])
        for action in as_list(statement["Action"])
    ]
    found += [
        Opening(id_of(one["FunctionName"]), one["Principal"], one["Action"], _function_source(one["SourceArn"]))
        for _, one in of_type(resources, "AWS::Lambda::Permission")
    ]
    return found


def _source(statement: dict[str, Any], resources: Resources) -> str:
    """Of the condition that names one source by its ARN; "" if there is none."""
    for operator, keys in statement.get("Condition", {}).items():
        if operator in ("ArnEquals", "ArnLike", "StringEquals") and "aws:SourceArn" in keys:
            arn = keys["aws:SourceArn"]
            text = str(arn.get("Sub", "")) if isinstance(arn, dict) else str(arn)
            for name, properties in of_type(resources, "AWS::S3::Bucket"):
                if text.endswith(":s3:::" + properties["BucketName"]["Sub"]):
                    return name
            return text.rpartition("/")[2].strip("${}") if text else id_of(arn)
    return ""


def _function_source(arn: Any) -> str:
    return "Api" if "${Api}" in str(arn) else id_of(arn)


def _monitoring(resources: Resources) -> Iterator[tuple[str, str, str]]:
    """What monitoring's own policies allow, where a condition names this account or a source."""
    for target, statement in statements(resources):
        if target in MONITORING and statement["Effect"] == "Allow":
            named = {key for keys in statement.get("Condition", {}).values() for key in keys}
            whose = "" if named & {"aws:SourceAccount", "aws:SourceArn"} else " for anybody"
            for action in as_list(statement["Action"]):
                yield target, str(statement["Principal"]["Service"]), action + whose


def wired(resources: Resources) -> list[Opening]:
    """What the resources' wiring needs."""
    return [*_deliveries(resources), *_invocations(resources), *_origins(resources)]


def _deliveries(resources: Resources) -> Iterator[Opening]:
    for bucket, properties in of_type(resources, "AWS::S3::Bucket"):
        for one in properties.get("NotificationConfiguration", {}).get("TopicConfigurations", []):
            yield Opening(id_of(one["Topic"]), "s3.amazonaws.com", "sns:Publish", bucket)
    for _, properties in of_type(resources, "AWS::SNS::Subscription"):
        queue, topic = id_of(properties["Endpoint"]), id_of(properties["TopicArn"])
        if properties["Protocol"] != "sqs":
            continue
        yield Opening(queue, "sns.amazonaws.com", "sqs:SendMessage", topic)
    for rule, properties in of_type(resources, "AWS::Events::Rule"):
        for target in properties["Targets"]:
            if letters := target.get("DeadLetterConfig"):
                yield Opening(id_of(letters["Arn"]), "events.amazonaws.com", "sqs:SendMessage", rule)


def _invocations(resources: Resources) -> Iterator[Opening]:
    functions = {name for name, _ in of_type(resources, "AWS::Lambda::Function")}
    invoke = "lambda:InvokeFunction"
    for rule, properties in of_type(resources, "AWS::Events::Rule"):
        for target in properties["Targets"]:
            if id_of(target["Arn"]) in functions:
                yield Opening(id_of(target["Arn"]), "events.amazonaws.com", invoke, rule)
    integrated = {
        function
        for _, properties in of_type(resources, "AWS::ApiGateway::Method")
        for function in functions
        if f"${{{function}.Arn}}" in str(properties.get("Integration", {}).get("Uri", ""))
    }
    for function in sorted(integrated):
        yield Opening(function, "apigateway.amazonaws.com", invoke, "Api")


def _origins(resources: Resources) -> Iterator[Opening]:
    for distribution, properties in of_type(resources, "AWS::CloudFront::Distribution"):
        for origin in properties["DistributionConfig"]["Origins"]:
            if "S3OriginConfig" in origin:
                bucket = str(origin["DomainName"]["GetAtt"]).partition(".")[0]
                yield Opening(bucket, "cloudfront.amazonaws.com", "s3:GetObject", distribution)


def trusting(resources: Resources) -> list[tuple[str, str]]:
    """Each role with each principal that may take it on."""
    return [
        (role, principal)
        for role, properties in of_type(resources, "AWS::IAM::Role")
        for statement in properties["AssumeRolePolicyDocument"]["Statement"]
        for principal in _principals(statement)
    ]


def _principals(statement: dict[str, Any]) -> list[str]:
    is_plain = statement["Effect"] == "Allow" and statement["Action"] == "sts:AssumeRole"
    is_service = is_plain and set(statement["Principal"]) == {"Service"}
    return as_list(statement["Principal"]["Service"]) if is_service else [f"unexpected: {statement}"]


def trusted(resources: Resources) -> list[tuple[str, str]]:
    """A function's role is Lambda's, the role that jobs are given is MediaConvert's; there are no others."""
    roles = {id_of(one["Role"]) for _, one in of_type(resources, "AWS::Lambda::Function")}
    passed = {
        id_of(one["Environment"]["Variables"]["MEDIACONVERT_ROLE_ARN"])
        for _, one in of_type(resources, "AWS::Lambda::Function")
    }
    return [
        *((role, "lambda.amazonaws.com") for role in roles),
        *((role, "mediaconvert.amazonaws.com") for role in passed),
    ]


def complaints(resources: Resources) -> list[str]:
    """Whatever is open and serves no wire, and every wire that is not opened."""
    buckets = {name for name, _ in of_type(resources, "AWS::S3::Bucket")}
    return [
        *_differences("opening", opened(resources), wired(resources)),
        *_differences("monitoring", list(_monitoring(resources)), MONITORING_NEEDS),
        *_differences("trust", trusting(resources), trusted(resources)),
        *(f"speaks plain http: {bucket}" for bucket in buckets - set(_tls_only(resources))),
        *(f"sweeping: {target}" for target, one in statements(resources) if _is_sweeping(one)),
        *(f"another account's: {target}" for target, one in statements(resources) if _is_anybodys(one)),
    ]


def _differences(what: str, found: list[Any], wanted: list[Any]) -> list[str]:
    spare = [one for one in found if found.count(one) > 1 or one not in wanted]
    return [*(f"{what} too many: {one}" for one in spare), *(f"{what} missing: {o}" for o in wanted if o not in found)]


def _tls_only(resources: Resources) -> Iterator[str]:
    """Buckets that refuse every request without TLS, to themselves and to their objects."""
    for target, one in statements(resources):
        is_for_all = one["Effect"] == "Deny" and one["Principal"] == "*" and one["Action"] == "s3:*"
        is_on_plain = one.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        name = resources.get(target, {}).get("Properties", {}).get("BucketName", {}).get("Sub")
        arn = f"arn:${{AWS::Partition}}:s3:::{name}"
        if is_for_all and is_on_plain and [id_of(each) for each in one["Resource"]] == [arn, f"{arn}/*"]:
            yield target


def _is_sweeping(statement: dict[str, Any]) -> bool:
    return statement["Effect"] == "Allow" and any("*" in action for action in as_list(statement["Action"]))


def _is_anybodys(statement: dict[str, Any]) -> bool:
    """S3 names buckets alone, without an account: a bucket that is gone could be made again by somebody else."""
    condition = statement.get("Condition", {})
    names_account = condition.get("StringEquals", {}).get("aws:SourceAccount") == {"Ref": "AWS::AccountId"}
    return (
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": "s3.amazonaws.com"}
        and not names_account
    )


def test_what_is_open_is_what_the_wiring_needs() -> None:
    assert complaints(TEMPLATE["Resources"]) == []


def test_the_wiring_is_seen() -> None:
    wires = wired(TEMPLATE["Resources"])
    assert {wire.principal for wire in wires} == {
        "s3.amazonaws.com",
        "sns.amazonaws.com",
        "events.amazonaws.com",
        "apigateway.amazonaws.com",
        "cloudfront.amazonaws.com",
    }


POLICY_TYPES = ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy")
PLACES = [
    *(
        (name, "PolicyDocument", index)
        for kind in POLICY_TYPES
        for name, properties in of_type(TEMPLATE["Resources"], kind)
        for index in range(len(properties["PolicyDocument"]["Statement"]))
    ),
    *(
        (name, "AssumeRolePolicyDocument", index)
        for name, properties in of_type(TEMPLATE["Resources"], "AWS::IAM::Role")
        for index in range(len(properties["AssumeRolePolicyDocument"]["Statement"]))
    ),
]
"""Where each statement is that is no role's own."""


def changed(place: tuple[str, str, int], change: Callable[[list[Any], int], object]) -> Resources:
    name, document, index = place
    resources = copy.deepcopy(TEMPLATE["Resources"])
    change(resources[name]["Properties"][document]["Statement"], index)
    return resources


def _plain(statement: dict[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = statement["If"][1] if "If" in statement else statement
    return chosen


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_template_without_the_statement_is_noticed(place: tuple[str, str, int]) -> None:
    assert complaints(changed(place, lambda found, index: found.pop(index)))


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_template_with_everything_in_the_statement_is_noticed(place: tuple[str, str, int]) -> None:
    def widen(found: list[Any], index: int) -> None:
        statement = _plain(found[index])
        statement["Action"] = [*as_list(statement["Action"]), "s3:*"]

    assert complaints(changed(place, widen))


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_template_that_lets_anybody_in_is_noticed(place: tuple[str, str, int]) -> None:
    def open_up(found: list[Any], index: int) -> None:
        found.append({**_plain(found[index]), "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}})

    assert complaints(changed(place, open_up))


PERMISSIONS = [name for name, _ in of_type(TEMPLATE["Resources"], "AWS::Lambda::Permission")]


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_template_without_a_functions_permission_is_noticed(name: str) -> None:
    resources = {other: one for other, one in TEMPLATE["Resources"].items() if other != name}
    assert complaints(resources)


@pytest.mark.parametrize("bucket", [name for name, _ in of_type(TEMPLATE["Resources"], "AWS::S3::Bucket")])
def test_no_bucket_can_be_public(bucket: str) -> None:
    properties = TEMPLATE["Resources"][bucket]["Properties"]
    block = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(block, True)
    # CloudFront writes its logs with an ACL, which only this bucket lets it do.
    ownership = "BucketOwnerPreferred" if bucket == "LogBucket" else "BucketOwnerEnforced"
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": ownership}]}
    assert "AccessControl" not in properties


def test_cloudfront_reads_nothing_of_the_main_bucket_but_media() -> None:
    reads = [
        id_of(statement["Resource"])
        for target, statement in statements(TEMPLATE["Resources"])
        if target == "MediaBucket" and statement["Effect"] == "Allow"
    ]
    assert [arn.partition("/")[2] for arn in reads] == ["media/*"]
