// For the app's build.gradle.kts, with the Android Gradle plugin 7.1 or newer. `./gradlew pinscopeRelease` builds the
// bundle and scans it; `-PpinscopeCommand=…` names a pinscope that is not on the PATH.
import com.android.build.api.artifact.SingleArtifact

androidComponents {
    onVariants(selector().withBuildType("release")) { variant ->
        val bundle = variant.artifacts.get(SingleArtifact.BUNDLE)
        val report = layout.buildDirectory.file("reports/pinscope/${variant.name}.html")
        val command = providers.gradleProperty("pinscopeCommand").orElse("pinscope")
        tasks.register<Exec>("pinscope" + variant.name.replaceFirstChar(Char::uppercaseChar)) {
            group = "verification"
            description = "Analyse TLS and certificate pinning in the ${variant.name} bundle."
            inputs.file(bundle)
            outputs.file(report)
            executable = command.get()
            argumentProviders.add(
                CommandLineArgumentProvider {
                    listOf(
                        "scan", bundle.get().asFile.path,
                        "--format", "text",
                        "--format", "html=" + report.get().asFile.path,
                    )
                },
            )
        }
    }
}
