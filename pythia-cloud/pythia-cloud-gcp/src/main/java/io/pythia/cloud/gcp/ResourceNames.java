package io.pythia.cloud.gcp;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names of topics and subscriptions: {@code projects/<project>/topics/<id>}, or the id alone. Odd ones are refused before they travel. */
final class ResourceNames {
    static final String TOPICS = "topics";
    static final String SUBSCRIPTIONS = "subscriptions";

    private static final Pattern PROJECT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9:._-]{0,99}");
    private static final Pattern ID = Pattern.compile("[A-Za-z][A-Za-z0-9._~+%-]{2,254}");
    private static final Pattern FULL = Pattern.compile("projects/([^/]{1,100})/([a-z]{1,20})/([^/]{1,255})");

    private ResourceNames() {}

    static void checkProject(String project) {
        if (!PROJECT.matcher(project).matches()) {
            throw new IllegalArgumentException(
                    "projectId must be the id of a project: letters, digits and hyphens, for instance my-project-1");
        }
    }

    /**
     * Returns the full name.
     *
     * @param option what the name was given for, for the message
     * @param collection {@link #TOPICS} or {@link #SUBSCRIPTIONS}
     * @throws IllegalArgumentException if it is none, or has no project
     */
    static String full(String option, String collection, @Nullable String project, String name) {
        Matcher full = FULL.matcher(name);
        if (full.matches()) {
            checkProject(full.group(1));
            if (!full.group(2).equals(collection)) {
                throw new IllegalArgumentException(
                        option + " must be projects/<project>/" + collection + "/<id>, not one of " + full.group(2));
            }
            checkId(option, full.group(3));
            return name;
        }
        checkId(option, name);
        if (project == null) {
            throw new IllegalArgumentException(
                    option + " has no project: set projectId, or give projects/<project>/" + collection + "/<id>");
        }
        return "projects/" + project + "/" + collection + "/" + name;
    }

    /** Returns the last part of a name. */
    static String id(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    private static void checkId(String option, String id) {
        if (!ID.matcher(id).matches() || id.startsWith("goog")) {
            throw new IllegalArgumentException(
                    option + " must be 3 to 255 letters, digits and -_.~+%, begin with a letter"
                            + " and not with goog, or projects/<project>/.../<id>");
        }
    }
}
