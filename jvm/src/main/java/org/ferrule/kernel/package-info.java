/**
 * Kernels over the rows of a Spark query, without a Python worker.
 *
 * <p>The query's plan gets a node of its own, logical and physical, so that it stays lazy, streams,
 * and shows metrics. Both nodes are Java subclasses of Spark's Scala classes. One class file serves
 * Scala 2.12 and 2.13 alike: where a method of Spark's gives a {@code Seq}, ours gives the immutable
 * one, for which the compiler adds the bridge that 2.12 calls; where one takes an {@code IndexedSeq},
 * there are two overloads.
 */
package org.ferrule.kernel;
