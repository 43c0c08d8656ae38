import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** An answer as both Java programs report it: the code and the outs, moments in UTC, files by their length. */
class Answer extends LinkedHashMap<String, Object> {
    private static final long serialVersionUID = 1;

    transient byte[] file;

    Answer(int code) {
        put("return", code);
    }

    Answer with(String name, Object value) {
        put(name, value);
        return this;
    }

    Answer withMoment(String name, Instant moment) {
        return with(name, utc(moment));
    }

    Answer withFile(String name, byte[] content) {
        file = content;
        return with(name, content.length);
    }

    int code() {
        return (int) get("return");
    }

    int jobId() {
        return (int) get("JobId");
    }

    static String utc(Instant moment) {
        return moment.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    static String json(Object value) {
        if (value instanceof Map) {
            StringJoiner pairs = new StringJoiner(", ", "{", "}");
            ((Map<?, ?>) value).forEach((name, each) -> pairs.add(json(name) + ": " + json(each)));
            return pairs.toString();
        }
        if (value instanceof String) {
            return '"' + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
        }
        return String.valueOf(value);
    }
}
