"""Packages, deploys and updates the platform, on the laptop and on AWS, from one CloudFormation template."""
