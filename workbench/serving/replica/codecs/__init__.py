"""Formats of requests and answers: JSON, CSV, NumPy, Arrow and the Open Inference Protocol."""
