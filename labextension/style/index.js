import 'uplot/dist/uPlot.min.css';
import './workbench.css';
import './serving.css';
