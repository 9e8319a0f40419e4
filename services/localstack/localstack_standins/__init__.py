"""A LocalStack plugin: Cognito and MediaConvert by stand-ins, enforced authorizers, honest CloudFormation."""
