-- The departures of each airport.
select airports.iata, airports.city, airports.state, sum(flights) as flights, count(*) as routes
from {{ routes }} as routes
join {{ airports }} as airports on airports.iata = routes.origin
group by airports.iata, airports.city, airports.state
