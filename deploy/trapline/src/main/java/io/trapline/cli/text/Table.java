package io.trapline.cli.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Rows under headings: aligned columns for a person, one object a row for a program. Numbers are set right, everything else left. */
public final class Table {
    private static final String GAP = "  ";

    private final List<String> names;
    private final List<List<Object>> rows = new ArrayList<>();

    /** A table with these columns; a name is the JSON field, and in capitals the heading. */
    public Table(String... names) {
        this.names = List.of(names);
    }

    /** Adds a row with a value for each column. */
    public Table row(Object... values) {
        if (values.length != names.size()) {
            throw new IllegalArgumentException(values.length + " values for " + names.size() + " columns");
        }
        rows.add(List.of(values));
        return this;
    }

    /** How many rows there are. */
    public int size() {
        return rows.size();
    }

    /** Headings and rows, one line each. Trailing blanks are left out. */
    public List<String> lines() {
        int[] width = new int[names.size()];
        List<List<String>> cells = new ArrayList<>();
        cells.add(names.stream().map(Table::heading).toList());
        for (List<Object> row : rows) {
            cells.add(row.stream().map(Table::text).toList());
        }
        for (List<String> row : cells) {
            for (int column = 0; column < width.length; column++) {
                width[column] = Math.max(
                        width[column],
                        row.get(column).codePointCount(0, row.get(column).length()));
            }
        }
        boolean[] right = new boolean[width.length];
        for (int column = 0; column < right.length; column++) {
            right[column] = isNumeric(column);
        }
        return cells.stream().map(row -> line(row, width, right)).toList();
    }

    /** Each row as an object. */
    public List<Json> objects() {
        return rows.stream()
                .map(row -> {
                    Json object = Json.object();
                    for (int column = 0; column < names.size(); column++) {
                        object.put(names.get(column), row.get(column));
                    }
                    return object;
                })
                .toList();
    }

    private boolean isNumeric(int column) {
        return !rows.isEmpty() && rows.stream().allMatch(row -> isNumber(row.get(column)));
    }

    private static boolean isNumber(Object value) {
        return value instanceof Number || value instanceof Count;
    }

    private static String heading(String name) {
        return name.replace('_', ' ').toUpperCase(Locale.ROOT);
    }

    private static String text(Object value) {
        return switch (value) {
            case Double number -> String.format(Locale.ROOT, "%.1f", number);
            case List<?> list ->
                list.isEmpty()
                        ? "-"
                        : String.join(" ", list.stream().map(String::valueOf).toList());
            default -> value.toString().isEmpty() ? "-" : value.toString();
        };
    }

    private static String line(List<String> cells, int[] width, boolean[] right) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < width.length; column++) {
            String cell = cells.get(column);
            String blanks = " ".repeat(width[column] - cell.codePointCount(0, cell.length()));
            line.append(column == 0 ? "" : GAP)
                    .append(right[column] ? blanks : "")
                    .append(cell)
                    .append(right[column] ? "" : blanks);
        }
        return line.toString().stripTrailing();
    }
}
