"""The other servers that serving is measured against, each as it comes."""
