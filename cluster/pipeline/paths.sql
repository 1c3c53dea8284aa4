-- How fast the aeroplanes were over ground, by the direction that they set out in.
CREATE MATERIALIZED VIEW speed_by_heading
USING parquet
AS SELECT
  heading,
  count(*) AS flights,
  round(avg(km)) AS km,
  round(avg(kmh)) AS kmh
FROM flight_paths
GROUP BY heading;
