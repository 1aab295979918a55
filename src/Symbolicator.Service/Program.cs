using System.CommandLine;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;
using Symbolicator.Service.Commands;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Demo;

var config = new Option<string?>("--config", "-c") { Description = "The configuration file.", HelpName = "FILE", Recursive = true };
var root = new RootCommand("Symbolicates native crashes.") { config };
root.Add(RunCommand.Create(config, CreateLogger));
root.Add(DemoCommand.Create(CreateLogger));
root.Add(CleanupCommand.Create(config));
root.Add(HealthcheckCommand.Create(config));
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,

        // Commands end by themselves when they are told to; the default would end them two seconds after SIGTERM.
        ProcessTerminationTimeout = TimeSpan.FromDays(1),
    });
}
catch (ConfigException e)
{
    await Console.Error.WriteLineAsync($"error: {e.Message}");
    return 1;
}

static ILoggerProvider CreateLogger(LoggingOptions options)
{
    const int MaxDepth = 4, MaxText = 2048, MaxItems = 32;
    const string Pretty = "{Timestamp:HH:mm:ss.fff} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";
    const string Simplified = "{Timestamp:yyyy-MM-ddTHH:mm:ss.fffZ} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";
    var logger = new LoggerConfiguration()
        .Destructure.ToMaximumDepth(MaxDepth).Destructure.ToMaximumStringLength(MaxText).Destructure.ToMaximumCollectionCount(MaxItems)
        .MinimumLevel.Is(options.Level switch
        {
            LogLevelName.Off => (LogEventLevel)int.MaxValue,
            LogLevelName.Error => LogEventLevel.Error,
            LogLevelName.Warn => LogEventLevel.Warning,
            LogLevelName.Info => LogEventLevel.Information,
            LogLevelName.Debug => LogEventLevel.Debug,
            _ => LogEventLevel.Verbose,
        });
    bool pretty = options.Format == LogFormat.Pretty || (options.Format == LogFormat.Auto && !Console.IsErrorRedirected);
    string template = (pretty ? Pretty : Simplified).Replace("{Exception}", options.StackTraces ? "{Exception}" : "", StringComparison.Ordinal);
    logger = options.Format == LogFormat.Json
        ? logger.WriteTo.Console(new JsonFormatter(renderMessage: true))
        : logger.WriteTo.Console(
            outputTemplate: template, formatProvider: System.Globalization.CultureInfo.InvariantCulture,
            standardErrorFromLevel: LogEventLevel.Verbose);
    return new SerilogLoggerProvider(logger.CreateLogger(), dispose: true);
}
