"""Hands requests at LocalStack's endpoint on to the stand-ins, unchanged: Host too, so that signatures stay valid."""

import json
import logging
from collections.abc import Mapping

import requests
from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.aws.chain import HandlerChain
from localstack.http import Request, Response
from localstack.http.proxy import Proxy
from localstack.services.edge import ROUTER
from requests.cookies import RequestsCookieJar
from rolo.client import SimpleRequestsClient

from localstack_standins.routing import WELL_KNOWN_PATH, service_of
from localstack_standins.settings import COGNITO

LOG = logging.getLogger(__name__)


class Forwarder:
    """Requests to one stand-in."""

    def __init__(self, service: str, url: str) -> None:
        self._service = service
        self._url = url

    def forward(self, request: Request) -> Response:
        """The stand-in's answer; 503 when there is none, which AWS's clients take as a reason to try again."""
        try:
            with _session() as session:
                client = SimpleRequestsClient(session, follow_redirects=False)
                answer = Proxy(self._url, client, preserve_host=True).forward(request)
                # Read whole while the connection is open.
                answer.set_data(answer.get_data())
                return answer
        except requests.RequestException:
            LOG.warning("the stand-in for %s at %s does not answer", self._service, self._url)
            return _unavailable(self._service)

    def serve(self, request: Request, **_: str) -> Response:
        """The same as an endpoint of LocalStack's router."""
        return self.forward(request)


class StandInHandler:
    """Part of LocalStack's request handler chain: answers for the services that a stand-in provides."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._forwarders = {service: Forwarder(service, url) for service, url in urls.items()}

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        service = service_of(context.request.path, context.request.headers)
        forwarder = self._forwarders.get(service or "")
        if forwarder is None:
            return
        # LocalStack checks origins only later in its chain, which ends here.
        handlers.enforce_cors(chain, context, response)
        if chain.stopped or chain.terminated:
            return
        response.update_from(forwarder.forward(context.request))
        chain.stop()


def install(urls: Mapping[str, str]) -> None:
    """Puts the stand-ins at `urls` (by service) behind LocalStack's endpoint."""
    # Before LocalStack parses the request: that would make up a signature where there is none.
    handlers.preprocess_request.append(StandInHandler(urls))
    if COGNITO in urls:
        ROUTER.add(WELL_KNOWN_PATH, endpoint=Forwarder(COGNITO, urls[COGNITO]).serve, methods=["GET"])


def _session() -> requests.Session:
    """One per request, so that nothing of a caller reaches the next; no proxy or credentials of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.cookies = RequestsCookieJar()
    return session


def _unavailable(service: str) -> Response:
    message = f"The stand-in for {service} does not answer: see its log, start it again and repeat the call."
    headers = {"x-amzn-ErrorType": "ServiceUnavailableException", "Content-Type": "application/x-amz-json-1.1"}
    body = json.dumps({"__type": "ServiceUnavailableException", "message": message})
    return Response(body, status=503, headers=headers)
