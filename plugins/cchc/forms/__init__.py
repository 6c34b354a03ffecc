"""Forms that a higher level prescribes, filled in from the indicators: the score of the district, form 06a."""
