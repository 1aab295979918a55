using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Symbolicator.Service.Configuration;

/// <summary>Reads the YAML configuration file. Keys and defaults are described in docs/configuration.md.</summary>
internal static class ConfigFile
{
    private const int MaxBytes = 4 << 20;

    /// <summary>The defaults, when no file is given.</summary>
    /// <exception cref="ConfigException">The file cannot be read or says something that cannot be.</exception>
    public static ServiceOptions Load(string? path)
    {
        if (path is null)
        {
            return Parse(null, Environment.GetEnvironmentVariable, IsContainer());
        }

        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxBytes)
            {
                throw new ConfigException($"{path}: larger than {ByteSize.Format(MaxBytes)}");
            }

            using var reader = new StreamReader(file, Encoding.UTF8);
            return Parse(reader.ReadToEnd(), Environment.GetEnvironmentVariable, IsContainer());
        }
        catch (ConfigException e)
        {
            throw new ConfigException($"{path}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path}: cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads the text of a file; null stands for no file at all.</summary>
    public static ServiceOptions Parse(string? yaml, Func<string, string?> environment, bool inDocker)
    {
        var context = new ConfigContext(environment);
        var root = new ConfigSection(yaml is null ? null : RootOf(yaml), "", context);
        root.WithoutEffect(
            "metrics", "sentry_dsn", "shared_cache", "_crash_db", "traces_sample_rate", "transaction_sample_rate", "propagate_traces",
            "symstore_proxy", "streaming_timeout", "bind_https", "server_config");
        var options = new ServiceOptions
        {
            Http = HttpOptions.Read(root, inDocker),
            Caches = CacheOptions.Read(root, inDocker),
            Downloads = DownloadOptions.Read(root),
            Jobs = JobOptions.Read(root),
            Cpu = CpuOptions.Read(root),
            Logging = LoggingOptions.Read(root),
            Limits = LimitOptions.Read(root),
            Sources = SourceList.FromYaml(root.Node("sources"), context),
        };
        root.ReportUnknown();
        return options with { Warnings = context.Warnings };
    }

    private static YamlMappingNode RootOf(string yaml)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException e)
        {
            // The message of the parser may quote the text, and with it a secret.
            throw new ConfigException($"line {e.Start.Line}, column {e.Start.Column}: not valid YAML");
        }

        return stream.Documents switch
        {
            [] => throw new ConfigException("the configuration file is empty"),
            [{ RootNode: YamlMappingNode root }] => root,
            [{ RootNode: YamlScalarNode }] => throw new ConfigException("the configuration file is empty"),
            [_] => throw new ConfigException("the configuration file is not a mapping of keys to values"),
            _ => throw new ConfigException("the configuration file holds more than one document"),
        };
    }

    private static bool IsContainer()
    {
        // Docker's mark, Podman's, and what the .NET images set.
        if (File.Exists("/.dockerenv") || File.Exists("/run/.containerenv")
            || Environment.GetEnvironmentVariable("DOTNET_RUNNING_IN_CONTAINER") is "true" or "1")
        {
            return true;
        }

        try
        {
            return File.ReadLines("/proc/self/cgroup").Any(line => line.Contains("/docker", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
