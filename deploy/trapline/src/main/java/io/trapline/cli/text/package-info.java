/** What a command prints: lines and tables for a person, JSON lines for a program. */
@NullMarked
package io.trapline.cli.text;

import org.jspecify.annotations.NullMarked;
