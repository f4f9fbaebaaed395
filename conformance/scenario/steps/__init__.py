"""The steps: each one function that is declared whole where it stands, by subject.

A step is a generator, from its argument in the script to commands for the player.  One that sends an event waits for
the acknowledgement that the protocol owes, unless `answer:` says otherwise.  No step concludes anything from silence.
"""

# Importing a module registers its steps; the order is that of the documentation.
from conformance.scenario.steps import (  # noqa: I001
    connection,  # noqa: F401
    client_secrets,  # noqa: F401
    session,  # noqa: F401
    conversation,  # noqa: F401
    responses,  # noqa: F401
    input_audio,  # noqa: F401
    waiting,  # noqa: F401
    sending,  # noqa: F401
)
from conformance.scenario.steps.declaration import STEPS

__all__ = ["STEPS"]
