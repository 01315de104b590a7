select distinct origin from {{ routes }} where origin not in (select iata from {{ airports }})
