//! A text in capitals and d * 1.5 + id, as examples/kernels/upper_scale.c.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Float64Array, StringBuilder};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema};
use arrow::pyarrow::PyArrowType;
use arrow::record_batch::RecordBatch;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

#[pyfunction]
fn upper_scale(batch: PyArrowType<RecordBatch>) -> PyResult<PyArrowType<RecordBatch>> {
    let batch = batch.0;
    let ids = batch.column(0).as_primitive::<Int64Type>();
    let texts = batch.column(1).as_string::<i32>();
    let numbers = batch.column(2).as_primitive::<Float64Type>();
    let mut upper = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    for text in texts.iter() {
        upper.append_option(text.map(|t| t.to_ascii_uppercase()));
    }
    let scaled: Float64Array = numbers
        .iter()
        .zip(ids.iter())
        .map(|(d, id)| Some(d? * 1.5 + id? as f64))
        .collect();
    let schema = Schema::new(vec![
        Field::new("upper_s", DataType::Utf8, true),
        Field::new("scaled", DataType::Float64, true),
    ]);
    RecordBatch::try_new(
        Arc::new(schema),
        vec![Arc::new(upper.finish()), Arc::new(scaled)],
    )
    .map(PyArrowType)
    .map_err(|e| PyValueError::new_err(e.to_string()))
}

#[pymodule]
fn upper_scale_rs(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(upper_scale, module)?)
}
