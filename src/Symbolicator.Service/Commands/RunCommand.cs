using System.CommandLine;
using Symbolicator.Formats.Archives;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Hosting;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Commands;

/// <summary><c>run</c>: serves until SIGTERM or SIGINT.</summary>
internal static class RunCommand
{
    public static Command Create(Option<string?> config, Func<LoggingOptions, ILoggerProvider> logging)
    {
        var command = new Command("run", "Run the service.");
        command.SetAction((result, ct) => RunAsync(result.GetValue(config), logging, ct));
        return command;
    }

    private static async Task<int> RunAsync(string? config, Func<LoggingOptions, ILoggerProvider> logging, CancellationToken ct)
    {
        var options = ConfigFile.Load(config);
        await using var app = ServiceHost.Build(options, logging(options.Logging));
        foreach (string warning in options.Warnings)
        {
            Log.ConfigurationWarning(app.Logger, warning);
        }

        foreach (var missing in ArchiveLibraries.FindMissing())
        {
            Log.MissingLibrary(app.Logger, missing.Message);
        }

        // Whatever is spilled to a temporary file belongs on the volume that has room for it; the root may be read-only.
        Environment.SetEnvironmentVariable("TMPDIR", app.Services.GetRequiredService<DiskCache>().TemporaryDirectory);

        app.Lifetime.ApplicationStarted.Register(() => Log.Listening(app.Logger, string.Join(", ", app.Urls)));

        // The host handles SIGTERM and SIGINT itself.
        await app.RunAsync(ct);
        return 0;
    }
}
