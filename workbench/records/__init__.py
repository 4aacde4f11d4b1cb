"""Typed records that kernel, cluster, bridge, server and panel exchange."""
