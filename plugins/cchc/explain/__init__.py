"""Why a number is what it is: the items behind a figure, the figure itself, and the whole story of a dossier."""
