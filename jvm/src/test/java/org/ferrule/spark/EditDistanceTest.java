package org.ferrule.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class EditDistanceTest {
  @Test
  void countsInsertedRemovedAndReplacedLetters() {
    assertEquals(0, EditDistance.between("", ""));
    assertEquals(3, EditDistance.between("", "abc"));
    assertEquals(3, EditDistance.between("kitten", "sitting"));
    assertEquals(1, EditDistance.between("projectid", "projectId"));
    assertEquals(2, EditDistance.between("ab", "ba"));
  }
}
