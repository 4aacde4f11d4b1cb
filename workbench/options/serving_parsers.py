"""The words after ``%publish`` and ``%endpoints``, in a notebook and on the command line."""

from __future__ import annotations

import argparse
from typing import Any

from workbench.errors import OptionError
from workbench.options.parsers import Parser
from workbench.options.serving import ENVS

ENDPOINT_VERBS = (
    "list", "show", "traffic", "promote", "rollback", "shadow", "scale", "limit", "logs", "samples", "token", "revoke",
    "restore", "withdraw",
)  # fmt: skip


def publish_parser(prog: str = "%publish") -> Parser:
    """The options of an endpoint."""
    parser = Parser(
        prog=prog,
        description="Publish a model as an endpoint that other programs can ask. A model is a variable of the\n"
        "notebook, a run (its model), or a registered model: digits, digits@champion, digits/3.",
        epilog="examples:\n"
        "  %publish model --name digits\n"
        "  %publish digits@champion --replicas 1..4 --slo 20ms\n"
        "  %publish forest --name digits --canary 10%      the run's model gets 10 % at first\n"
        "  %publish small_a small_b --name small           several models, one endpoint\n"
        "What is not given stays as the endpoint has it; at first it is as in brackets. --slo none takes it back.\n"
        "From then on: %endpoints --help",
    )
    add = parser.add_argument
    add("model", nargs="+", help="what to publish")
    add("--name", "-n", help="the endpoint's name; none takes the model's")
    add("--alias", metavar="A", help="the version's alias once it has all of the traffic, as champion")
    add("--example", metavar="X", help="a variable with rows that the model takes; none looks for them")
    add("--replicas", metavar="N|MIN..MAX", help="processes; 0..4 lets it sleep (1)")
    add("--cpus", type=float, metavar="N", help="CPUs to reserve for each (none on this machine's cluster, else 0.1)")
    add("--gpus", type=float, metavar="G", help="GPUs for each; 0.5 shares one (0)")
    add("--memory", metavar="M", help="memory to reserve for each: MiB, or 2G (none)")
    add("--slo", metavar="T", help="how long an answer may take: 20ms; batches and replicas follow (none)")
    add("--batch", type=int, metavar="N", help="rows computed together, at most (64)")
    add("--cache", type=int, metavar="N", help="answers to keep for requests that come again (0)")
    add("--samples", type=int, metavar="N", help="requests to keep with their answers; 0 keeps none (100)")
    add("--canary", metavar="P", help="percent of the traffic at first: 10%%, or steps 10%%,50%%")
    add("--canary-for", metavar="T", help="how long a step lasts at least (60s)")
    add("--canary-requests", type=int, metavar="N", help="requests to judge a step by (100)")
    add("--canary-slowdown", type=float, metavar="F", help="p95 allowed, times the champion's (1.5)")
    add("--canary-errors", metavar="P", help="errors allowed above the champion's (1%%)")
    add("--shadow", action="store_true", help="only give it copies of the requests")
    add("--no-traffic", dest="traffic", action="store_false", help="let it wait for %%endpoints traffic or promote")
    add("--timeout", metavar="T", help="answer what takes longer with 504 (60s)")
    add("--idle", metavar="T", help="with 0..N replicas: sleep after so long (5m)")
    add("--max-queue", type=int, metavar="N", help="requests that may wait per replica (256)")
    add("--max-models", type=int, metavar="N", help="of several models, so many loaded (3)")
    add("--max-body", metavar="B", help="bytes of a request (16M)")
    add("--rate", type=float, metavar="N", help="requests per second and token (any)")
    add("--env", metavar="|".join(ENVS), help="packages: the cluster's (as usual), or those it was logged with")
    add("--env-var", dest="env_vars", action="append", default=[], metavar="K=V", help="a variable of the replicas")
    add("--no-wait", dest="wait", action="store_false", help="do not wait until it answers")
    return parser


def publish_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The parsed words as :func:`workbench.publish` calls them, without the models and the name."""
    left = ("help", "model", "name", "example", "wait", "env_vars")
    options = {key: value for key, value in vars(arguments).items() if key not in left}
    pairs = [text.partition("=") for text in arguments.env_vars]
    for key, equals, _ in pairs:
        if not equals or not key.isidentifier():
            raise OptionError(f"Cannot set the variable {key!r}: write --env-var NAME=VALUE.")
    return {**options, "env_vars": {key: value for key, _, value in pairs}}


def endpoints_parser(prog: str = "%endpoints") -> Parser:
    """Verbs about endpoints."""
    parser = Parser(
        prog=prog,
        description="The endpoints of this cluster: watch, steer and withdraw them.",
        epilog="verbs:\n"
        "  list                              all of them\n"
        "  show NAME                         one: versions, traffic, latencies, how to ask it\n"
        "  traffic NAME 3=90 4=10            share the requests between versions\n"
        "  promote NAME VERSION              give a version all requests\n"
        "  rollback NAME                     share the requests as before the last change\n"
        "  shadow NAME VERSION|none          give a version copies of the requests\n"
        "  scale NAME 2|1..4 [--version V]   how many replicas\n"
        "  limit NAME [--rate N] [--max-body 16M] [--cache N] [--samples N]\n"
        "  logs NAME [--tail N]              what its models printed, and what happened to it\n"
        "  samples NAME [--version V]        some requests with their answers\n"
        "  token NAME [LABEL]                make a token for somebody, or list them\n"
        "  revoke NAME LABEL                 let a token in no more\n"
        "  restore                           bring back what was published before the cluster ended\n"
        "  withdraw NAME                     end it; its models stay registered",
    )
    add = parser.add_argument
    add("words", nargs="*", help="a verb and what it is about")
    add("--all", action="store_true", help="restore: what any project of yours published")
    add("--version", metavar="V", help="scale, samples: only this version")
    add("--tail", type=int, metavar="N", help="logs: how many lines (default 200)")
    add("--rate", type=float, metavar="N", help="limit: requests per second and token; 0 for any number")
    add("--max-body", metavar="B", help="limit: bytes of a request")
    add("--cache", type=int, metavar="N", help="limit: answers to keep")
    add("--samples", type=int, metavar="N", help="limit: requests to keep of each version; 0 forgets them")
    return parser
