"""The status API and the page that describes it; the status page and the metrics of the operations port."""
