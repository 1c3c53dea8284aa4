-- How late the flights are, by carrier and by route.
CREATE MATERIALIZED VIEW delay_by_carrier
USING parquet
AS SELECT
  carrier,
  count(*) AS flights,
  round(avg(dep_delay), 1) AS dep_delay_min,
  round(avg(arr_delay), 1) AS arr_delay_min,
  count(*) - count(arr_delay) AS without_arrival
FROM flights
GROUP BY carrier;

CREATE MATERIALIZED VIEW delay_by_route
USING parquet
AS SELECT
  origin,
  dest,
  count(*) AS flights,
  round(avg(arr_delay), 1) AS arr_delay_min,
  percentile_approx(arr_delay, 0.9) AS arr_delay_p90_min
FROM flights
GROUP BY origin, dest;
