"""Tells you, with evidence, whether an endpoint really speaks the OpenAI Realtime protocol.

A scenario is played against an endpoint under a contract and leaves a trace;
rules judge it; the reference endpoint and the mutants prove the rules; reports tell.
"""
