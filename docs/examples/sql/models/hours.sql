-- How delays grow over the day.
select hour, count(*) as flights, round(avg(delay), 1) as delay, round(avg((delay > 15)::integer), 3) as late
from {{ flights }}
group by hour
