-- One row per flight, with its month and hour of departure.
select
  origin,
  destination,
  distance,
  delay,
  cast(substr(date, 6, 2) as integer) as month,
  cast(substr(date, 12, 2) as integer) as hour
from source_flights
