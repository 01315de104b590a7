-- The airports of the source, with the columns that other models use.
select iata, name, city, state, latitude, longitude
from source_airports
