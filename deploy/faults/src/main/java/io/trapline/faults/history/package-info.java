/** What the clients of a cluster did and saw, as it is recorded, kept in a file, and checked later. */
@NullMarked
package io.trapline.faults.history;

import org.jspecify.annotations.NullMarked;
