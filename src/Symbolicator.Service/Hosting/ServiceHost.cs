using Microsoft.AspNetCore.Server.Kestrel.Core;
using Symbolicator.Engine.Frames;
using Symbolicator.Engine.Minidumps;
using Symbolicator.Engine.Objects;
using Symbolicator.Engine.Scheduling;
using Symbolicator.Engine.Symbolication;
using Symbolicator.Service.Caching;
using Symbolicator.Service.Configuration;
using Symbolicator.Service.Endpoints;
using Symbolicator.Service.Jobs;
using Symbolicator.Service.Objects;
using Symbolicator.Service.Observability;
using Symbolicator.Service.Scheduling;
using Symbolicator.Service.Sources;

namespace Symbolicator.Service.Hosting;

/// <summary>Puts the service together.</summary>
internal static class ServiceHost
{
    /// <param name="options">What the configuration says.</param>
    /// <param name="logging">Where logs go.</param>
    /// <param name="replace">Replaces services, for tests.</param>
    public static WebApplication Build(ServiceOptions options, ILoggerProvider logging, Action<IServiceCollection>? replace = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders().AddProvider(logging).SetMinimumLevel(LogLevel.Trace)
            .AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Http.ShutdownTimeout);
        AddServices(builder.Services, options);
        replace?.Invoke(builder.Services);

        var app = builder.Build();

        // It listens from its creation on: what is measured before the first scrape counts too.
        app.Services.GetRequiredService<PrometheusExporter>();
        app.UseRouting();
        app.UseMiddleware<RequestPipeline>();
        HealthEndpoint.Map(app);
        MetricsEndpoint.Map(app);
        RequestsEndpoint.Map(app);
        SymbolicateEndpoint.Map(app);
        MinidumpEndpoint.Map(app);
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ServiceOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(options.Http.Bind);
    }

    private static void AddServices(IServiceCollection services, ServiceOptions options)
    {
        services.AddRouting();
        services.AddMetrics();
        services.AddSingleton(options);
        services.AddSingleton(options.Http);
        services.AddSingleton(options.Caches);
        services.AddSingleton(options.Downloads);
        services.AddSingleton(options.Jobs);
        services.AddSingleton(options.Cpu);
        services.AddSingleton(options.Limits);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ServiceMetrics>();
        services.AddSingleton<PrometheusExporter>();

        services.AddSingleton<WorkDirectory>();
        services.AddSingleton<CpuPool>();
        services.AddSingleton<ICpuScheduler>(provider => provider.GetRequiredService<CpuPool>());
        services.AddSingleton(new BuildBudget(options.Cpu.BuildBytes));
        services.AddSingleton<WorkLifetime>();
        services.AddSingleton(provider => provider.GetRequiredService<WorkDirectory>().Caches);
        services.AddSingleton<ArtifactCache>();
        services.AddHostedService<CacheSweepService>();

        services.AddSingleton<IHostResolver, SystemHostResolver>();
        services.AddSingleton<OutboundPolicy>();
        services.AddSingleton(provider => new DownloadClients(options.Downloads, provider.GetRequiredService<OutboundPolicy>().ConnectAsync));
        services.AddSingleton<Downloader>();
        services.AddSingleton(provider => SecretFingerprint.Load(provider.GetRequiredService<WorkDirectory>().Root));
        services.AddSingleton<SourceFactory>();
        services.AddSingleton<ObjectFetcher>();
        services.AddSingleton<IObjectStore, CachingObjectStore>();
        services.AddSingleton<Demangler>(static (_, _) => null);
        services.AddSingleton<StackSymbolicator>();
        services.AddSingleton<MinidumpProcessor>();

        services.AddSingleton<AdmissionControl>();
        services.AddSingleton<IJobStore>(provider => new FolderJobStore(provider.GetRequiredService<WorkDirectory>().Root));
        services.AddSingleton<IWorkQueue, ChannelWorkQueue>();
        services.AddSingleton<JobTracker>();
        services.AddSingleton<JobAnswers>();
        services.AddSingleton<IJobProcessor, JobProcessor>();
        services.AddHostedService<JobWorker>();
    }
}
