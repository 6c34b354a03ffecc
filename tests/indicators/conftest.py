from tests.support.month_site import connection, settings

__all__ = ["connection", "settings"]
