using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Symbolicator.Service.Observability;

/// <summary>One time series: an instrument with one set of tags. Safe to use from several threads.</summary>
internal abstract class MetricSeries
{
    /// <summary>Type as Prometheus names it.</summary>
    public abstract string Kind { get; }

    public static MetricSeries For(Instrument instrument, IReadOnlyList<double> defaultBounds) => instrument switch
    {
        Histogram<double> histogram => new Distribution(histogram.Advice?.HistogramBucketBoundaries ?? defaultBounds),
        _ when IsHistogram(instrument) => new Distribution(defaultBounds),
        _ when instrument.IsObservable => new Level(isCounter: IsCounter(instrument)),
        _ => new Sum(isCounter: IsCounter(instrument)),
    };

    public static bool IsCounter(Instrument instrument) => Is(instrument, typeof(Counter<>)) || Is(instrument, typeof(ObservableCounter<>));

    public abstract void Add(double value);

    public abstract void Write(StringBuilder text, string name, string labels);

    private static bool IsHistogram(Instrument instrument) => Is(instrument, typeof(Histogram<>));

    private static bool Is(Instrument instrument, Type generic) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == generic;

    private static void WriteLine(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>Adds up what is reported.</summary>
    private sealed class Sum(bool isCounter) : MetricSeries
    {
        private double _sum;

        public override string Kind => isCounter ? "counter" : "gauge";

        public override void Add(double value)
        {
            double seen = Volatile.Read(ref _sum);
            while (true)
            {
                double before = Interlocked.CompareExchange(ref _sum, seen + value, seen);
                if (before.Equals(seen))
                {
                    return;
                }

                seen = before;
            }
        }

        public override void Write(StringBuilder text, string name, string labels) => WriteLine(text, name, labels, Volatile.Read(ref _sum));
    }

    /// <summary>Keeps the last report.</summary>
    private sealed class Level(bool isCounter) : MetricSeries
    {
        private double _last;

        public override string Kind => isCounter ? "counter" : "gauge";

        public override void Add(double value) => Volatile.Write(ref _last, value);

        public override void Write(StringBuilder text, string name, string labels) => WriteLine(text, name, labels, Volatile.Read(ref _last));
    }

    /// <summary>Counts reports by size.</summary>
    private sealed class Distribution(IReadOnlyList<double> bounds) : MetricSeries
    {
        private readonly Lock _lock = new();
        private readonly long[] _counts = new long[bounds.Count + 1];
        private double _sum;

        public override string Kind => "histogram";

        public override void Add(double value)
        {
            int bucket = 0;
            while (bucket < bounds.Count && value > bounds[bucket])
            {
                bucket++;
            }

            lock (_lock)
            {
                _counts[bucket]++;
                _sum += value;
            }
        }

        public override void Write(StringBuilder text, string name, string labels)
        {
            long[] counts;
            double sum;
            lock (_lock)
            {
                counts = [.. _counts];
                sum = _sum;
            }

            string comma = labels.Length == 0 ? "" : ",";
            long total = 0;
            for (int i = 0; i < counts.Length; i++)
            {
                total += counts[i];
                string bound = i < bounds.Count ? bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
                WriteLine(text, name + "_bucket", $"{labels}{comma}le=\"{bound}\"", total);
            }

            WriteLine(text, name + "_sum", labels, sum);
            WriteLine(text, name + "_count", labels, total);
        }
    }
}
