package io.pythia;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the core may depend on and show. Calls that no module may make are in {@code config/forbidden-apis.txt}. */
class ArchitectureTest {
    private static final DescribedPredicate<JavaClass> INTERNAL = resideInAPackage("io.pythia.internal..");
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.pythia");

    @Test
    void core_dependsOnlyOnTheJdkAndTheLoggingApi() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "io.pythia..",
                        "java..",
                        "javax.net.ssl..",
                        "javax.sql..",
                        "org.slf4j..",
                        "org.jspecify..",
                        "com.fasterxml.jackson..")
                .because("every application carries the core, whichever broker it uses")
                .check(CORE);
    }

    @Test
    void core_knowsItsEmbeddedBrokerOnlyThroughTheServiceLoader() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.pythia.memory..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.pythia.memory..")
                .because("it is a connector like any other")
                .allowEmptyShould(true)
                .check(CORE);
    }

    @Test
    void publicSignatures_showNoInternalAndNoJacksonType() {
        codeUnits()
                .that()
                .haveModifier(PUBLIC)
                .and()
                .areDeclaredInClassesThat()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage("io.pythia.internal..")
                .should(notMention(INTERNAL.or(resideInAPackage("com.fasterxml.."))))
                .because("what is shown can never be changed again")
                .allowEmptyShould(true)
                .check(CORE);
    }

    private static ArchCondition<JavaCodeUnit> notMention(DescribedPredicate<JavaClass> hidden) {
        return new ArchCondition<>("not mention classes that " + hidden.getDescription()) {
            @Override
            public void check(JavaCodeUnit unit, ConditionEvents events) {
                Stream.concat(Stream.of(unit.getReturnType()), unit.getParameterTypes().stream())
                        .flatMap(type -> type.getAllInvolvedRawTypes().stream())
                        .filter(hidden)
                        .forEach(type -> events.add(SimpleConditionEvent.violated(
                                unit, unit.getDescription() + " mentions " + type.getName())));
            }
        };
    }
}
