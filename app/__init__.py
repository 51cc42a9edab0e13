"""Baojing Market: the marketplace of one mountain county, and the proof of what every yuan did."""
