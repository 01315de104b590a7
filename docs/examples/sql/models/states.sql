-- The departures of each state, from its airports.
select state, sum(flights) as flights, count(*) as airports
from {{ hubs }}
group by state
