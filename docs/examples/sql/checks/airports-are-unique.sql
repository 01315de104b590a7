select iata, count(*) as times from {{ airports }} group by iata having times > 1
