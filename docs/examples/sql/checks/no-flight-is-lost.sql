select departures, flights
from (select sum(flights) as departures from {{ routes }}), (select count(*) as flights from {{ flights }})
where departures <> flights
