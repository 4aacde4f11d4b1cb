"""Names under which an endpoint's figures and samples are kept with its MLflow runs."""

SAMPLES_FILE = "samples.json"
PROJECT_TAG = "workbench.state_dir"
FIGURES = ("requests", "errors", "p50_ms", "p95_ms", "p99_ms", "queue", "replicas", "batch_mean", "cache_hits")
