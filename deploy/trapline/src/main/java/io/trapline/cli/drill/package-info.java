/** What demonstrations and checks of a cluster share: things that go wrong on purpose, and the record of what was checked. */
@NullMarked
package io.trapline.cli.drill;

import org.jspecify.annotations.NullMarked;
