using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Symbolicator.Service.Observability;

namespace Symbolicator.Service.Tests.Hosting;

/// <summary>Metrics without a host.</summary>
internal sealed class TestMetrics : IDisposable
{
    private readonly ServiceProvider _provider = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public TestMetrics() => Service = new ServiceMetrics(_provider.GetRequiredService<IMeterFactory>());

    public ServiceMetrics Service { get; }

    public void Dispose() => _provider.Dispose();
}
