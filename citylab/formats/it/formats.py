DATE_FORMAT = "j F Y"  # 5 maggio 2027
DATETIME_FORMAT = "j F Y, H:i"  # 5 maggio 2027, 14:30
