-- Each route in one direction: how often it was flown, and how late.
select origin, destination, max(distance) as distance, count(*) as flights, round(avg(delay), 1) as delay
from {{ flights }}
group by origin, destination
